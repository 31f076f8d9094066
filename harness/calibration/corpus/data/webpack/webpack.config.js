module.exports = {mode: 'development', entry: './src/index.js', devServer: {static: '../site', host: '127.0.0.1', hot: false, liveReload: false}}
