# frozen_string_literal: true

require_relative 'gems/keeper/keeper'

# Truth: /leak keeps one object of 64 B for each request, /text a string of
# 1 KiB, /library an array and a string of 800 B through a library. /, /garbage
# (500 KB of strings that die), /bloat (8 MB once) and /cache (its last 20
# answers) keep nothing that grows, nor does /singleton, whose objects have methods of their own.
# /store, /thread, /closure and /global keep one in other places. HEAP strings are alive from the start.
HEAP = Array.new(ENV.fetch('HEAP', 0).to_i) { |i| "alive #{i}" }.freeze
KEPT = [] # rubocop:disable Style/MutableConstant
TEXTS = [] # rubocop:disable Style/MutableConstant
CACHE = {} # rubocop:disable Style/MutableConstant
BIG = [] # rubocop:disable Style/MutableConstant
$kept = [] # rubocop:disable Style/GlobalVars
seen = []

# Pages is extended by an object that lists its parts itself.
class Pages
  def initialize(number) = @number = number

  def list
    singleton_class.class_eval do
      include Enumerable
      def each = 20.times { |i| yield "part #{i} of #{@number}" }
    end
    map(&:upcase).first
  end
end

# Store holds pairs in a hash of its only instance.
class Store
  def self.shared = @shared ||= new
  def add(key, value) = (@items ||= {})[key] = value
end

ROUTES = {
  '/' => ->(n) { { ok: true, n: n }.to_s },
  '/leak' => ->(_) { KEPT << ('k' * 40); 'leak' },
  '/text' => ->(n) { TEXTS << ('t' * 1024 + n.to_s); 'text' },
  '/library' => ->(_) { Keeper.keep('l' * 100); 'library' },
  '/store' => ->(n) { Store.shared.add("key #{n}", [n, n]); 'store' },
  '/thread' => ->(n) { (Thread.current[:mine] ||= []) << n.to_s * 10; 'thread' },
  '/closure' => ->(n) { seen << n.to_s * 10; 'closure' },
  '/global' => ->(n) { $kept << n.to_s * 10; 'global' }, # rubocop:disable Style/GlobalVars
  '/garbage' => ->(n) { Array.new(1000) { |i| "row #{i} #{n}" * 30 }.join[0, 100] },
  '/bloat' => ->(_) { BIG << ('b' * 8_000_000) if BIG.empty?; 'bloat' },
  '/tracing' => ->(_) { defined?(ObjectSpace.trace_object_allocations) && ObjectSpace.allocation_sourcefile(Object.new) ? 'on' : 'off' },
  '/evaluated' => ->(n) { KEPT << eval("'e' * 1000 + #{n}.to_s"); 'evaluated' }, # rubocop:disable Security/Eval, Style/EvalWithLocation
  '/singleton' => ->(n) { Pages.new(n).list },
  '/cache' => ->(n) { CACHE[n] = 'c' * 100; CACHE.shift if CACHE.size > 20; 'cache' }
}.freeze

count = 0
App = lambda do |env|
  route = ROUTES[env['PATH_INFO']]
  next [404, {}, []] unless route

  [200, { 'Content-Type' => 'text/plain' }, [route.call(count += 1)]]
end
