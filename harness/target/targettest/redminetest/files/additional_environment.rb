# frozen_string_literal: true

require config.root.join('config/plant').to_s
# FIXTURE_LEAKS holds "PATH=BYTES", several of them with a space in between.
leaks = ENV.fetch('FIXTURE_LEAKS', '').split.to_h { |leak| leak.split('=') }.transform_values(&:to_i)
config.middleware.insert_before 0, Plant, leaks
