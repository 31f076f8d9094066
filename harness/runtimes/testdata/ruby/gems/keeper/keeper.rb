# frozen_string_literal: true

# Keeper stands for a library: its path says so.
module Keeper
  KEPT = [] # rubocop:disable Style/MutableConstant

  def self.keep(text)
    KEPT << [
      text * 8
    ]
  end
end
