require_relative "config/application"
run Garden
