# frozen_string_literal: true

# leakhunt's agent for Ruby, loaded by RUBYOPT=-r/path/agent.rb. It does nothing
# unless LEAKHUNT_AGENT names a folder of this user.
#
# It opens the Unix socket $LEAKHUNT_AGENT/PID.sock (0600). A line in, a line of
# JSON out: "settle" collects garbage, hands free pages back and says what is
# alive; "trace on" and "trace off" say where what survives was made, "hold on",
# "hold off" and "names" what holds it, "routes" what the framework answers to.
# Nothing else is possible through it. No gem is loaded, so none is forced upon the
# application's Gemfile; fiddle and objspace come with the first line.
module LeakhuntAgent
  PROTOCOL = 1
  SITES = 100
  FRAMES = 25
  # A process that only forks to exec, or ends at once, opens no socket.
  DELAY = 0.1
  # What a server does after an answer takes less, in seconds.
  ENDING = 0.005
  # The priority of a thread that yields after 8 time slices of 100 ms, not after
  # one (thread.c, rb_threadptr_execute_interrupts). A collection is one slice.
  ALONE = 3
  # The largest collection that is copied to be looked at.
  COPY = 10_000
  # What holds the global variables, and what holds nothing.
  Globals = Object.new.freeze
  Nobody = Object.new.freeze

  class << self
    # start opens this process's socket, quietly without one on any error.
    def start
      return if @pid == Process.pid

      forget
      dir = ENV['LEAKHUNT_AGENT'].to_s
      return unless dir.start_with?('/') && dir.bytesize <= 90

      require 'socket.so' unless defined?(::Socket)
      @pid = Process.pid
      watch(dir)
    rescue Exception # rubocop:disable Lint/RescueException -- the application comes first
      nil
    end

    def stop
      File.unlink(@path) if @path && @pid == Process.pid
    rescue SystemCallError
      nil
    end

    # moved is called where the process goes on under another pid.
    def moved
      File.unlink(@path) if @path
    rescue SystemCallError
      nil
    ensure
      start
    end

    private

    def watch(dir)
      thread = Thread.new do
        sleep DELAY
        serve(dir)
      rescue Exception # rubocop:disable Lint/RescueException
        nil
      end
      thread.report_on_exception = false
      thread.name = 'leakhunt-agent'
      thread.thread_variable_set(:fork_safe, true) # puma warns of other threads
    end

    # forget drops what a parent process opened; the parent's socket file stays.
    def forget
      @server&.close
      @conn&.close
    rescue StandardError
      nil
    ensure
      trace_end
      @server = @conn = @path = @pid = nil
    end

    def serve(dir)
      return unless private?(dir)

      sweep(dir)
      @path = File.join(dir, "#{@pid}.sock")
      @server = listen(@path)
      loop do
        @conn, = @server.accept
        talk(@conn)
      end
    end

    # private? makes the folder where it is missing. A folder that others can
    # write to is not used: they could put another socket in our place.
    def private?(dir)
      begin
        Dir.mkdir(dir, 0o700)
      rescue SystemCallError
        nil
      end
      st = File.lstat(dir)
      st.directory? && [0, Process.euid].include?(st.uid) && (st.mode & 0o022).zero?
    end

    # sweep removes what processes have left that ended without a word (exit!,
    # SIGKILL): a server that forks for each job would fill the folder.
    def sweep(dir)
      Dir.foreach(dir) do |name|
        Process.kill(0, name.to_i) if name.match?(/\A\d+\.sock\z/)
      rescue Errno::ESRCH
        deserted(File.join(dir, name))
      rescue SystemCallError, RangeError
        nil
      end
    rescue SystemCallError
      nil
    end

    # deserted asks before it removes: a process of another container has a pid
    # that is not known here.
    def deserted(path)
      probe = Socket.new(Socket::AF_UNIX, Socket::SOCK_STREAM, 0)
      probe.connect(Socket.sockaddr_un(path))
    rescue Errno::ECONNREFUSED
      File.unlink(path)
    rescue SystemCallError
      nil
    ensure
      probe&.close
    end

    # listen narrows the mode before anybody can connect: between bind and listen.
    def listen(path)
      File.unlink(path) if File.socket?(path)
      server = Socket.new(Socket::AF_UNIX, Socket::SOCK_STREAM, 0)
      server.bind(Socket.sockaddr_un(path))
      File.chmod(0o600, path)
      server.listen(4)
      server
    end

    def talk(conn)
      while (line = conn.gets("\n", 65_536))
        conn.write(answer(line.chomp))
      end
    rescue IOError, SystemCallError
      nil
    ensure
      trace_end
      conn.close
    end

    def answer(line)
      command, *lines = line.split("\t")
      case command
      when 'settle' then settle
      when 'trace on' then lines.empty? ? trace_on : callers_on(lines)
      when 'trace off' then trace_off
      when 'hold on' then trace_on
      when 'hold off' then hold_off(*lines)
      when 'names' then %(#{head},"names":[#{names(lines).map { |n| quote(n) }.join(',')}]}\n)
      when 'routes' then %(#{head},"routes":[#{routes.join(',')}]}\n)
      else failure('unknown command')
      end
    rescue Exception => e # rubocop:disable Lint/RescueException
      trace_end
      failure("#{e.class}: #{e.message}")
    end

    def collect
      forget_calls
      3.times { GC.start(full_mark: true, immediate_sweep: true) }
    end

    # settle lets a request end that was just answered, and counts alone. Servers
    # put an idle connection aside after a while (puma after 0.2 s, with 13 objects
    # for it): how many there are must not depend on how long collections take.
    def settle
      bytes = objspace?
      free = trimmer
      sleep ENDING
      counters = alone do
        collect
        slots = counter('live objects', 'objects', GC.stat(:heap_live_slots))
        next [slots] unless bytes

        live = ObjectSpace.memsize_of_all
        [slots, counter('live bytes', 'bytes', live), *native(live)]
      end
      free&.call(0) # others run meanwhile
      %(#{head},"counters":[#{counters.join(',')}]}\n)
    end

    # alone lets no other thread run until the block ends, or waits.
    def alone
      Thread.current.priority = ALONE
      yield
    ensure
      Thread.current.priority = 0
    end

    def counter(name, unit, value)
      %({"name":"#{name}","unit":"#{unit}","exact":true,"value":#{value}})
    end

    def objspace?
      require 'objspace' unless defined?(ObjectSpace.memsize_of_all)
      true
    rescue LoadError
      false
    end

    # silently is for what newer Rubies warn of: under Bundler, of libraries that
    # will be gems.
    def silently
      verbose = $VERBOSE
      $VERBOSE = nil
      yield
    ensure
      $VERBOSE = verbose
    end

    def trace_on
      raise LoadError, 'objspace is not to be had' unless objspace?
      raise 'tracing is on already' if @tracing

      collect
      @tracing = :objects
      ObjectSpace.trace_object_allocations_clear
      ObjectSpace.trace_object_allocations_start
      %(#{head},"tracing":true}\n)
    end

    def trace_off
      return failure('tracing is not on') unless @tracing

      sites = @tracing == :callers ? callers : survivors
      trace_end
      %(#{head},"sites":[#{sites.join(',')}]}\n)
    ensure
      trace_end
    end

    def trace_end
      case @tracing
      when :objects
        ObjectSpace.trace_object_allocations_stop
        ObjectSpace.trace_object_allocations_clear
      when :callers
        @points&.each(&:disable)
      end
    ensure
      @tracing = @points = @hits = nil
    end

    # survivors groups what was made since trace_on and is still alive by file,
    # line and class. The tracer must still run: it forgets what is freed.
    def survivors
      collect
      klass = Kernel.instance_method(:class)
      name = Module.instance_method(:name)
      groups = {}
      ObjectSpace.each_object do |o|
        file = ObjectSpace.allocation_sourcefile(o)
        next if file.nil? || file == __FILE__

        type = klass.bind_call(o)
        lines = (groups[file] ||= {})
        types = (lines[ObjectSpace.allocation_sourceline(o)] ||= {})
        g = (types[type] ||= [0, 0, ObjectSpace.allocation_class_path(o), ObjectSpace.allocation_method_id(o)])
        g[0] += 1
        g[1] += ObjectSpace.memsize_of(o)
      end
      flat = groups.flat_map { |f, ls| ls.flat_map { |l, ts| ts.map { |t, g| [f, l, t, *g] } } }
      flat.max_by(SITES) { |g| g[4] }.map do |file, line, type, count, bytes, path, method|
        function = [path, method].compact.join('#')
        %({"file":#{quote(file)},"line":#{line},"function":#{quote(function)},) +
          %("type":#{quote(name.bind_call(type))},"objects":#{count},"bytes":#{bytes}})
      end
    end

    # callers_on notes who calls the given lines ("LINE:METHOD:FILE"). A tracer
    # of allocations knows the innermost frame only.
    def callers_on(wanted)
      raise 'tracing is on already' if @tracing

      @hits = hits = {}
      by_line = Hash.new { |h, k| h[k] = {} }
      by_method = Hash.new { |h, k| h[k] = {} }
      wanted.each do |w|
        line, method, file = w.split(':', 3)
        by_line[line.to_i][file] = true
        by_method[method.to_sym][file] = line.to_i unless method.empty?
      end
      by_line.default = by_method.default = nil
      note = lambda do |kind, file, line|
        stack = caller_locations(3, FRAMES).map { |l| [l.absolute_path || l.path, l.lineno, l.label] }
        key = [kind, file, line, stack]
        hits[key] = hits.fetch(key, 0) + 1 if hits.key?(key) || hits.size < 500
      end
      # :c_call sees the later lines of a statement, which have no :line.
      at_line = TracePoint.new(:line, :c_call) { |tp| note.call(:line, tp.path, tp.lineno) if by_line[tp.lineno]&.key?(tp.path) }
      at_call = TracePoint.new(:call) do |tp|
        line = by_method[tp.method_id]&.fetch(tp.path, nil)
        note.call(:call, tp.path, line) if line
      end
      @points = [at_line, at_call]
      @tracing = :callers
      @points.each(&:enable)
      %(#{head},"tracing":true}\n)
    end

    # callers prefers the line's own hits: a statement that goes over several
    # lines has an event at its first line only, and then the method tells.
    def callers
      @points.each(&:disable)
      hits = @hits
      seen = hits.keys.select { |k| k[0] == :line }.map { |k| k[1, 2] }.uniq
      hits.reject { |k, _| k[0] == :call && seen.include?(k[1, 2]) }
          .max_by(SITES) { |_, n| n }.map do |(_, file, line, stack), n|
        frames = stack.map { |f, l, m| %({"file":#{quote(f)},"line":#{l},"function":#{quote(m)}}) }
        %({"file":#{quote(file)},"line":#{line},"objects":#{n},"bytes":0,"stack":[#{frames.join(',')}]})
      end
    end

    # hold_off writes the heap to a new file, with the lines of what was made
    # since "hold on". Who holds whom is looked up in there, not here.
    def hold_off(path)
      return failure('tracing is not on') unless @tracing == :objects

      collect
      File.open(path, File::WRONLY | File::CREAT | File::EXCL, 0o600) { |f| ObjectSpace.dump_all(output: f) }
      %(#{head},"dumped":true}\n)
    ensure
      trace_end
    end

    # names says by which constant, variable or key each object of a way is held
    # by the one before it, "" where that is not known. Objects are given by
    # their addresses; "" are the global variables.
    def names(way)
      deprecated = Warning[:deprecated]
      Warning[:deprecated] = false # reading a constant may warn
      here = Nobody
      way.map do |address|
        name, here = address.empty? ? [nil, Globals] : held(here, address) || [nil, find(address)]
        name
      end
    ensure
      Warning[:deprecated] = deprecated
    end

    def held(holder, address)
      each_held(holder) { |name, object| return [name, object] if at(object) == address }
      nil
    end

    def find(address)
      [Module, Thread, Proc].each do |type|
        ObjectSpace.each_object(type) { |o| return o if at(o) == address }
      end
      Nobody
    end

    # at is an object's address in hexadecimal, without leading zeros.
    def at(object)
      @to_s ||= Kernel.instance_method(:to_s)
      @to_s.bind_call(object)[/x0*(\h+)>\z/, 1]
    end

    # each_held yields what Ruby itself shows of an object, and runs none of the
    # application's code. A collection is looked at as a copy, so that the
    # application may change it meanwhile, and not at all where that is large.
    def each_held(holder)
      return each_global { |name, value| yield name, value } if holder == Globals

      case holder
      when Module
        constants = Module.instance_method(:constants).bind_call(holder, false)
        constants.each { |c| yield c, holder.const_get(c, false) unless holder.autoload?(c) }
        holder.class_variables(false).each { |v| yield v, holder.class_variable_get(v) }
      when Thread
        holder.keys.each { |k| yield k, holder[k] }
        holder.thread_variables.each { |k| yield k, holder.thread_variable_get(k) }
      when Proc then each_local(holder) { |name, value| yield name, value }
      when Struct then Struct.instance_method(:each_pair).bind_call(holder) { |k, v| yield k, v }
      when Array then holder.first(COPY).each { |v| yield nil, v }
      when Hash
        if holder.size <= COPY
          Hash.instance_method(:to_a).bind_call(holder).each { |k, v| yield((k if Symbol === k || String === k), v) } # rubocop:disable Style/CaseEquality
        end
      end
      ivars = Kernel.instance_method(:instance_variables).bind_call(holder)
      get = Kernel.instance_method(:instance_variable_get)
      ivars.each { |v| yield v, get.bind_call(holder, v) }
    end

    # each_global leaves out the one that opens a file of ARGV where it is read.
    def each_global
      (global_variables - [:$FILENAME]).each { |g| yield g, eval(g.to_s) } # rubocop:disable Security/Eval, Style/EvalWithLocation
    end

    def each_local(block)
      b = block.binding
      b.local_variables.each { |v| yield v, b.local_variable_get(v) }
    rescue ArgumentError # a method's or C's
      nil
    end

    def head
      %({"leakhunt":#{PROTOCOL},"runtime":"ruby","version":#{quote(RUBY_VERSION)},"pid":#{Process.pid})
    end

    def failure(text)
      %(#{head},"error":#{quote(text)}}\n)
    end

    # quote is JSON without the json gem: its version is the application's choice.
    def quote(text)
      s = text.to_s.dup.force_encoding(Encoding::UTF_8).scrub('?')
      %("#{s.gsub(/["\\\u0000-\u001f]/) { |c| format('\\u%04x', c.ord) }}")
    end
  end
end
