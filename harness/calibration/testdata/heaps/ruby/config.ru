# frozen_string_literal: true

# Truth: /leak keeps 1 KiB for each request; HEAP objects are alive all along.
ALIVE = Array.new(Integer(ENV.fetch('HEAP'))) { |i| "object #{i}, longer than a slot" }
KEPT = [] # rubocop:disable Style/MutableConstant

run(lambda do |env|
  KEPT << 'k' * 1024 if env['PATH_INFO'] == '/leak'
  [200, { 'Content-Type' => 'text/plain' }, ['ok']]
end)
