# The first pages of Camping's own book: a clock and a list of pages.
Camping.goes :Nuts

module Nuts::Controllers
  class Index < R '/'
    def get
      @time = Time.at(1796000000).utc
      render :sundial
    end
  end

  class Page < R '/page/(\w+)'
    def get(name)
      @name = name
      render :page
    end
  end
end

module Nuts::Views
  def layout
    html do
      head { title { "Nuts And GORP" } }
      body { self << yield }
    end
  end

  def sundial
    p "The current time is: #{@time}"
  end

  def page
    h1 @name
    p { a "Home", href: R(Index) }
  end
end
