// Waits for the agent's socket, and prints its mode, what else is in its folder,
// and how often somebody touched the umask, which all threads have in common.
'use strict'
const fs = require('fs')
const dir = process.env.LEAKHUNT_AGENT
const socket = `${dir}/${process.pid}.sock`
let touched = 0
process.umask = () => ++touched
const until = Date.now() + 10000
const watch = setInterval(() => {
  if (!fs.existsSync(socket) && Date.now() < until) return
  clearInterval(watch)
  const others = fs.readdirSync(dir).filter((name) => !['node', 'python', 'ruby', `${process.pid}.sock`].includes(name))
  console.log(`mode ${(fs.statSync(socket).mode & 0o777).toString(8)}, others [${others}], umask ${touched}`)
}, 10)
