# frozen_string_literal: true

Redmine::Plugin.register :keeper do
  name 'Keeper'
  version '1.0.0'
end

Rails.application.config.after_initialize { NewsController.prepend(Keeper) }
