# The Rack fixture application. Its routes are documented in package targettest.
# It runs under puma, unicorn, uwsgi (rack plugin), rackup and Passenger.
require "digest"
require "json"

KEPT = []
COUNT = [0]
COUNT_LOCK = Mutex.new

def query(env)
  env["QUERY_STRING"].to_s.split("&").map { |pair| pair.split("=", 2) }.to_h
end

def bytes(env, default)
  (query(env)["bytes"] || default).to_i
end

def request_headers(env)
  named = env.select { |k, _| k.start_with?("HTTP_") }.transform_keys { |k| k.delete_prefix("HTTP_") }
  %w[CONTENT_TYPE CONTENT_LENGTH].each { |k| named[k] = env[k] if env[k] && env[k] != "" }
  named.to_h { |k, v| [k.downcase.tr("_", "-"), v.to_s] }
end

def echo(env)
  body = env["rack.input"].read.to_s.b
  env["rack.input"].rewind # as Rack does with every form
  uri = env["PATH_INFO"] + (env["QUERY_STRING"].to_s.empty? ? "" : "?" + env["QUERY_STRING"])
  answer = { method: env["REQUEST_METHOD"], uri: uri, headers: request_headers(env),
             body_bytes: body.bytesize, body_sha256: Digest::SHA256.hexdigest(body) }
  answer[:body] = body.dup.force_encoding("UTF-8").scrub if body.bytesize <= 65_536
  JSON.generate(answer)
end

# A body of unknown length: the server has to chunk it, or to close after it.
class Pieces
  def each
    %W[one\n two\n three\n].each { |piece| yield piece }
  end
end

def answer(status, body, headers = {})
  bare = [204, 304].include?(status)
  length = bare ? {} : { "Content-Type" => "text/plain", "Content-Length" => body.bytesize.to_s }
  [status, length.merge(headers), bare ? [] : [body]]
end

def route(env)
  case env["PATH_INFO"]
  when "/pid" then answer(200, Process.pid.to_s)
  when "/count" then answer(200, COUNT[0].to_s)
  when "/clean", "/" then answer(200, "clean")
  when "/leak"
    KEPT << ("x" * bytes(env, 1024))
    answer(200, "kept #{KEPT.size}")
  when "/echo" then answer(200, echo(env), "Content-Type" => "application/json")
  when %r{\A/status/(\d{3})\z} then answer($1.to_i, "status #{$1}")
  when "/big" then answer(200, "x" * bytes(env, 10 << 20))
  when "/empty" then answer(200, "")
  when "/chunked" then [200, { "Content-Type" => "text/plain" }, Pieces.new]
  when "/redirect" then answer(302, "", "Location" => "/clean")
  when "/crash" then Process.kill(:KILL, Process.pid) && sleep
  else answer(404, "no such route")
  end
end

run(lambda do |env|
  count = COUNT_LOCK.synchronize { COUNT[0] += 1 }
  status, headers, body = route(env)
  [status, headers.merge("X-App-Pid" => Process.pid.to_s, "X-App-Count" => count.to_s), body]
end)
