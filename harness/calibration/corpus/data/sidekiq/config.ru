# Sidekiq's web interface by itself, as its documentation mounts it, beside a Redis of its own that ends with it.
require "sidekiq"
require "sidekiq/web"

socket = File.expand_path("redis-#{Process.pid}.sock", __dir__)
redis = spawn("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", out: File::NULL)
at_exit { Process.kill("TERM", redis) }
200.times { File.socket?(socket) ? break : sleep(0.05) }
Sidekiq.configure_client { |c| c.redis = { url: "unix://#{socket}" } }
5.times { |i| Sidekiq::Client.push("class" => "Job", "queue" => "corpus", "args" => [i]) }

use Rack::Session::Cookie, secret: "corpus" * 8, same_site: true, max_age: 86_400
run Sidekiq::Web
