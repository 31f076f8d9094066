# Ronn's server as a Rack application, for its own --port is an option that its pages do not take.
require "ronn"
require "ronn/server"

run Ronn::Server.new("*.ronn")
