;; Lists of 2^32 - 1 elements.
(func $filter (param $set i32) (param $words i32) (result i32)
    (memory.fill (i32.const 256) (i32.const 0) (i32.const 32))
    (i32.store (i32.const 260) (i32.const 8)) (i32.store (i32.const 264) (i32.const -1))
    (i32.store (i32.const 268) (i32.const 8)) (i32.store (i32.const 272) (i32.const -1))
    (i32.const 256))
