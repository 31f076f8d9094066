# What starts the agent: now, in each child, and where a process becomes a daemon.
module LeakhuntAgent
  # Fork starts the agent anew in each child (Ruby 3.1 and later).
  module Fork
    def _fork
      pid = super
      LeakhuntAgent.start if pid == 0 # rubocop:disable Style/NumericPredicate
      pid
    end
  end

  # OldFork does the same for Ruby before 3.1.
  module OldFork
    def fork(&block)
      return super { LeakhuntAgent.start; block.call } if block # rubocop:disable Style/Semicolon

      pid = super
      LeakhuntAgent.start if pid.nil?
      pid
    end
  end

  # Daemon follows Process.daemon, which forks without _fork.
  module Daemon
    def daemon(*args)
      result = super
      LeakhuntAgent.moved
      result
    end
  end
end

if ENV['LEAKHUNT_AGENT'].to_s != '' && !defined?(LeakhuntAgent::LOADED)
  LeakhuntAgent::LOADED = true
  begin
    if Process.respond_to?(:_fork, true)
      Process.singleton_class.prepend(LeakhuntAgent::Fork)
    else
      Kernel.prepend(LeakhuntAgent::OldFork)
      Object.prepend(LeakhuntAgent::OldFork)
      Process.singleton_class.prepend(LeakhuntAgent::OldFork)
      Kernel.singleton_class.prepend(LeakhuntAgent::OldFork)
    end
    Process.singleton_class.prepend(LeakhuntAgent::Daemon)
    at_exit { LeakhuntAgent.stop }
    LeakhuntAgent.start
  rescue StandardError
    nil
  end
end
