;; Memory is not all that grows.
(table $huge 0 funcref)
(func $evil (loop $more (drop (table.grow $huge (ref.null func) (i32.const 1000))) (br $more)))
