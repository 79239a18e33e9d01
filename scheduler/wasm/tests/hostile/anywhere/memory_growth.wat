;; Takes all the memory that it can get, page by page.
(func $evil (loop $more (drop (memory.grow (i32.const 1))) (br $more)))
