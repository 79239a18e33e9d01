;; Five thousand reasons for two nodes.
(func $filter (param $set i32) (param $words i32) (result i32)
    (memory.fill (i32.const 256) (i32.const 0) (i32.const 32))
    (i32.store (i32.const 268) (i32.const 65536)) (i32.store (i32.const 272) (i32.const 5000))
    (i32.store (i32.const 276) (i32.const 600)) (i32.store (i32.const 280) (i32.const 2))
    (i32.const 256))
