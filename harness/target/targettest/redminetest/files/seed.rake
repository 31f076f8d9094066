# frozen_string_literal: true

# Fills a new database: what a small team has after some weeks, and an
# administrator who need not change his password first.
namespace :fixture do
  task seed: %w[environment db:migrate] do
    # Mails would be made by threads with connections of their own, whose reading
    # locks the database while a row is written.
    ActiveJob::Base.queue_adapter = :inline
    ActionMailer::Base.perform_deliveries = false
    ActiveRecord::Base.descendants.each(&:reset_column_information) # the tables have just been made
    Redmine::DefaultData::Loader.load('en')
    admin = User.find_by!(login: 'admin')
    admin.update!(password: ENV.fetch('FIXTURE_PASSWORD'), must_change_passwd: false, language: 'en')
    User.current = admin
    Setting.default_language = 'en'

    shop = Project.create!(name: 'Shop', identifier: 'shop', is_public: true, description: 'h2. The shop',
                           enabled_module_names: Setting.default_projects_modules, trackers: Tracker.all)
    Project.create!(name: 'Stock', identifier: 'stock', is_public: true, parent_id: shop.id, trackers: Tracker.all)
    version = Version.create!(project: shop, name: '1.0', due_date: Date.today + 30)
    IssueCategory.create!(project: shop, name: 'Basket')
    10.times do |i|
      issue = Issue.create!(project: shop, tracker: shop.trackers.first, author: admin, subject: "Order #{i} is late",
                            description: "It *should* be here.\n\n" * 5, priority: IssuePriority.default,
                            status: IssueStatus.first, start_date: Date.today - i, due_date: Date.today + i,
                            fixed_version: (version if i.even?))
      issue.reload.init_journal(admin, 'Looked at it.')
      issue.update!(done_ratio: 10 * (i % 10))
    end
    5.times { |i| News.create!(project: shop, author: admin, title: "News #{i}", summary: 'Read on', description: 'h3. News') }
    page = shop.create_wiki!(start_page: 'Wiki').pages.build(title: 'Wiki')
    page.build_content(text: "h1. Wiki\n\n{{toc}}\n\nh2. One\n\nh2. Two", author: admin)
    page.save!
    board = Board.create!(project: shop, name: 'Help', description: 'Ask here')
    Message.create!(board: board, author: admin, subject: 'How?', content: 'Like this.')
    5.times do |i|
      TimeEntry.create!(project: shop, issue: Issue.first, author: admin, user: admin, hours: i + 1,
                        activity: TimeEntryActivity.first, spent_on: Date.today - i)
    end
  end
end
