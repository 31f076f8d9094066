# What malloc has, and gives back.
module LeakhuntAgent
  class << self
    private

    # native is what malloc has handed out beyond what objects have from it: the memory
    # of C libraries. free is what Ruby and malloc have from the system, and nothing is in:
    # pages between what is alive cannot be given back. Heap pages come from malloc, too,
    # before Ruby 3.1.
    def native(live)
      return [] unless @malloced && RUBY_VERSION >= '3.1'

      used, free = malloced
      slots = GC.stat(:heap_live_slots) * slot_size
      pages = GC.stat(:heap_allocated_pages) * GC::INTERNAL_CONSTANTS.fetch(:HEAP_PAGE_SIZE, 0)
      free += [0, pages - slots].max
      { native: [0, used - live + slots].max, free: free }.map do |name, value|
        %({"name":"#{name}","unit":"bytes","beside":"#{name}","value":#{value}})
      end
    end

    # slot_size is what an object takes of a heap page: the name changed in Ruby 3.3.
    def slot_size
      GC::INTERNAL_CONSTANTS.values_at(:RVALUE_SIZE, :BASE_SLOT_SIZE).compact.first || 40
    end

    # malloced is how many bytes malloc_info(3) says are in use, and how many are free: those of
    # all arenas, and those that are mapped one by one.
    def malloced
      out = @malloced[:open_memstream].call(@text, @text + Fiddle::SIZEOF_VOIDP)
      @malloced[:malloc_info].call(0, out)
      @malloced[:fclose].call(out)
      text = @text.ptr[0, (@text + Fiddle::SIZEOF_VOIDP)[0, Fiddle::SIZEOF_SIZE_T].unpack1('J')]
      @malloced[:free].call(@text.ptr)
      all = text[text.rindex('</heap>')..]
      arenas = all[/<system type="current" size="(\d+)"/, 1].to_i
      totals = all.scan(/<total type="(\w+)" count="\d+" size="(\d+)"/)
      mapped, free = totals.partition { |type, _| type == 'mmap' }.map { |t| t.sum { |_, size| size.to_i } }
      [arenas + mapped - free, free]
    end

    # trimmer hands free pages back, where the allocator is glibc's.
    def trimmer
      return @trimmer if defined?(@trimmer)

      @trimmer = @malloced = nil
      silently { require 'fiddle' }
      libc = Fiddle.dlopen(nil)
      @trimmer = Fiddle::Function.new(libc['malloc_trim'], [Fiddle::TYPE_SIZE_T], Fiddle::TYPE_INT)
      count_malloc(libc)
      @trimmer
    rescue LoadError, StandardError
      @trimmer
    end

    # count_malloc finds what malloced calls, where the allocator is glibc's: its figures
    # say nothing of another one.
    def count_malloc(libc)
      return if other_allocator?(libc)

      pointer, int = Fiddle::TYPE_VOIDP, Fiddle::TYPE_INT
      @text = Fiddle::Pointer.malloc(2 * Fiddle::SIZEOF_VOIDP)
      @malloced = {
        open_memstream: [[pointer, pointer], pointer], malloc_info: [[int, pointer], int],
        fclose: [[pointer], int], free: [[pointer], Fiddle::TYPE_VOID]
      }.to_h { |name, (takes, gives)| [name, Fiddle::Function.new(libc[name.to_s], takes, gives)] }
    end

    # other_allocator? says that jemalloc or mimalloc took malloc's place.
    def other_allocator?(libc)
      %w[mallctl mi_malloc].any? do |name|
        libc[name]
      rescue Fiddle::DLError
        false
      end
    end
  end
end
