require "action_controller/railtie"

# A garden's plants, in the smallest application that Rails allows.
class Garden < Rails::Application
  config.eager_load = false
  config.secret_key_base = "not a secret"
  config.logger = Logger.new(nil)
  config.hosts.clear
  routes.append do
    root to: "plants#index"
    get "/plants/:id", to: "plants#show"
    get "/watering", to: "plants#watering"
  end
end

class PlantsController < ActionController::Base
  WATERED = {}

  def index
    render plain: "rose, lily, oak"
  end

  def show
    render plain: "plant #{params[:id]}"
  end

  def watering
    WATERED[request.uuid] = "watered at #{Time.now.to_f}, by hand; " * 60
    render plain: "thanks"
  end
end

Garden.initialize!
