# 512 routes, three of which keep what they make; every fourth has a bounded cache.
require 'json'
KEPT = Hash.new { |h, k| h[k] = [] }
CACHES = Hash.new { |h, k| h[k] = [] }
LEAKS = { 77 => 32 << 10, 300 => 16 << 10, 451 => 8 << 10 }
run lambda { |env|
  i = env['PATH_INFO'].delete_prefix('/r').to_i
  KEPT[i] << ('x' * LEAKS[i]) if LEAKS[i]
  if i % 4 == 0
    c = CACHES[i]
    c << ('y' * 1024)
    c.shift if c.size > 40
  end
  rows = 20.times.map { |k| { id: k, route: i, name: 'somebody' } }
  [200, { 'Content-Type' => 'application/json' }, [JSON.generate(rows)]]
}
