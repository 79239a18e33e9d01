;; Memory is not all that grows.
(table $huge 0 externref)
(func $evil (loop $more (drop (table.grow $huge (ref.null extern) (i32.const 1000))) (br $more)))
