;; Calls itself until there is no stack.
(func $evil (call $deeper (i64.const 0)))
(func $deeper (param i64)
    (call $deeper (i64.add (local.get 0) (i64.const 1)))
    (drop (call $clock-now)))
