# frozen_string_literal: true

require 'sinatra/base'

class Base < Sinatra::Base
  get('/health') { 'ok' }
end

class Shop < Base
  get('/') { 'ok' }

  get '/orders/:id.?:format?' do # shows an order
    params[:id]
  end

  post('/cart') { 'filled' }
end

class Admin < Sinatra::Base
  use Rack::Head
  get('/users/*') { 'user' }
end

map('/admin') { run Admin }
map('/') do
  use Rack::ContentLength
  run Shop.new
end
