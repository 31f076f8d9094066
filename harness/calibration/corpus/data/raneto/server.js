// As Raneto's README says, with an address to listen on.
const path = require("path");
const raneto = require("raneto");
const config = Object.assign({}, require("raneto/example/config.default.js"), {
  content_dir: path.join(__dirname, "content"),
  authentication: false, authentication_for_edit: false, authentication_for_read: false, allow_editing: false, analytics: "",
});
raneto(config).listen(process.env.PORT, "127.0.0.1");
