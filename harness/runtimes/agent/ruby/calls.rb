# What Ruby keeps of the last calls of its own C code.
module LeakhuntAgent
  # Twice the places of that table: one of so many methods takes each of them.
  CALLS = 2046

  class << self
    private

    # forget_calls takes every place of the table of the calls that Ruby's own C code made
    # last (vm_eval.c, gccct_method_search: 1,023 places, by class and method, since 3.0).
    # An object with methods of its own, which are new in each request, stays alive there
    # with all that it holds, until another call takes its place.
    def forget_calls
      return if RUBY_VERSION < '3.0'

      called, names = @calls ||= callable
      names.each { |name| [called, nil].inject(name) }
    end

    # callable is an object with so many methods, and their names.
    def callable
      names = Array.new(CALLS) { |i| :"leakhunt_#{i}" }
      type = Class.new do
        def called(_); end
        names.each { |name| alias_method name, :called }
      end
      [type.new, names]
    end
  end
end
