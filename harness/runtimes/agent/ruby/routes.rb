# What the framework answers to, as it lists that itself. Nothing is asked for, and
# nothing is changed; a controller that was not loaded yet is.
module LeakhuntAgent
  # Routes at most, and characters of a path.
  ROUTES = 5000
  LONG = 1000

  class << self
    private

    # routes are those of Rails and of Sinatra, each with what handles it.
    def routes
      @mounts = mounts
      @routes = []
      rails(Rails.application.routes.routes, '') if defined?(::Rails.application.routes) && Rails.application
      sinatra if defined?(::Sinatra::Base)
      @routes
    ensure
      @routes = @mounts = nil
    end

    def route(framework, method, path, handler, at)
      return if @routes.size >= ROUTES

      file, line = at
      @routes << %({"framework":"#{framework}","method":#{quote(method)},"path":#{quote(path.to_s[0, LONG])},) +
                 %("function":#{quote(handler.to_s[0, 200])},"file":#{quote(file)},"line":#{line.to_i}})
    end

    # rails lists a set of routes as rails routes does: engines that are mounted
    # have theirs under the path of their mount.
    def rails(set, prefix, depth = 0)
      set.each do |r|
        next if r.internal

        path = prefix + r.path.spec.to_s
        app = r.app.rack_app
        if r.app.engine?
          rails(app.routes.routes, path.chomp('/'), depth + 1) if depth < 8
        elsif r.app.dispatcher?
          names = r.requirements
          route('rails', r.verb, path, "#{names[:controller] || ':controller'}##{names[:action] || ':action'}", action(names[:controller], names[:action]))
        elsif defined?(::Sinatra::Base) && app.is_a?(Class) && app < Sinatra::Base
          @mounts[app] = path
        else
          route('rails', r.verb, path, app.is_a?(Module) ? app.name : app.class.name, app.is_a?(Proc) ? app.source_location : nil)
        end
      end
    end

    # action is where a controller's method begins; the class, where the method is
    # one that Rails makes up because there is a template.
    def action(controller, action)
      return unless controller

      name = "#{ActiveSupport::Inflector.camelize(controller)}Controller"
      klass = Object.const_get(name)
      begin
        klass.instance_method(action).source_location
      rescue NameError, TypeError
        Object.const_source_location(klass.name)
      end
    rescue StandardError, ScriptError # its file cannot be loaded, or there is none
      nil
    end

    # sinatra lists the applications: classes, whose routes their subclasses have too.
    def sinatra
      all = ObjectSpace.each_object(Sinatra::Base.singleton_class).to_a - [Sinatra::Base]
      all.reject! { |c| !@mounts[c] && all.any? { |other| other < c } }
      all.each do |app|
        app.ancestors.take_while { |c| c != Sinatra::Base }.grep(Class).each do |owner|
          owner.routes.each do |verb, signatures|
            signatures.each { |s| handler(app, verb, s) unless verb == 'HEAD' }
          end
        end
      end
    end

    def handler(app, verb, signature)
      pattern, _, wrapper = signature
      block = wrapper.binding.local_variable_get(:unbound_method)
      route('sinatra', verb, @mounts[app].to_s.chomp('/') + pattern.to_s, app.name, block.source_location)
    rescue StandardError # a version that keeps it elsewhere
      route('sinatra', verb, @mounts[app].to_s.chomp('/') + pattern.to_s, app.name, nil)
    end

    # mounts are the paths that config.ru gives to applications by map.
    def mounts
      found = {}
      return found unless defined?(::Rack::URLMap)

      ObjectSpace.each_object(Rack::URLMap) do |map|
        (map.instance_variable_get(:@mapping) || []).each do |_, location, _, app|
          found[innermost(app)] ||= location
        end
      end
      found
    end

    # innermost is the class of the application inside its middleware.
    def innermost(app)
      30.times do
        return app if app.is_a?(Class)

        inner = app.instance_variable_get(:@app) || app.instance_variable_get(:@instance)
        return app.class if inner.nil? || defined?(::Sinatra::Base) && app.is_a?(Sinatra::Base)

        app = inner
      end
      nil
    end
  end
end
