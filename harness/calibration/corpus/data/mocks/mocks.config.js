// The server's host and port are of the command line.
module.exports = {
  log: "warn",
  mock: { collections: { selected: "base" } },
  plugins: { inquirerCli: { enabled: false } },
  files: { watch: false },
};
