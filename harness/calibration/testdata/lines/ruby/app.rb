# frozen_string_literal: true

require 'memoist'
require 'rack'
require 'rack/session/pool'

# Truth: /visit begins a session, which Rack::Session::Pool keeps for ever
# ("sessions will persist until the process ends"); /price/N memoizes an answer
# for each argument, which Memoist keeps as long as the object lives. / and
# /garbage (500 KB that die) keep nothing.
class Prices
  extend Memoist

  def of(name)
    "#{name} #{'p' * 1000}"
  end
  memoize :of
end

PRICES = Prices.new

Visit = Rack::Session::Pool.new(lambda do |env|
  env['rack.session']['seen'] = 'v' * 500
  [200, { 'Content-Type' => 'text/plain' }, ['visit']]
end)

App = lambda do |env|
  body =
    case env['PATH_INFO']
    when '/visit' then next Visit.call(env)
    when %r{\A/price/} then PRICES.of(env['PATH_INFO'])[0, 20]
    when '/garbage' then Array.new(1000) { |i| "row #{i}" * 60 }.size.to_s
    else 'ok'
    end
  [200, { 'Content-Type' => 'text/plain' }, [body]]
end
