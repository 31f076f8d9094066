# Grack over the repositories of this folder, as its README has it.
require "grack"
require "grack/server"

run Grack::Server.new(project_root: __dir__, git_path: "/usr/bin/git", upload_pack: true, receive_pack: false)
