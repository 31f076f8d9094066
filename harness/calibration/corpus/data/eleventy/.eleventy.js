module.exports = c => { c.addPassthroughCopy('style.css') }
