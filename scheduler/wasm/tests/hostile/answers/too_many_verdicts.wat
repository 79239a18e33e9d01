;; Rejects nodes that fit.
(func $filter (param $set i32) (param $words i32) (result i32)
    (memory.fill (i32.const 256) (i32.const 0) (i32.const 512))
    (i32.store (i32.const 260) (local.get $set)) (i32.store (i32.const 264) (local.get $words))
    (i32.store (i32.const 268) (i32.const 512)) (i32.store (i32.const 272) (i32.const 1))
    (i32.store (i32.const 276) (i32.const 600)) (i32.store (i32.const 280) (i32.const 5))
    (i32.const 256))
