;; Says that nodes fit that nobody asked about.
(func $filter (param $set i32) (param $words i32) (result i32)
    (i64.store (local.get $set) (i64.const -1))
    (i32.store8 (i32.const 256) (i32.const 0))
    (i32.store (i32.const 260) (local.get $set)) (i32.store (i32.const 264) (local.get $words))
    (i64.store (i32.const 268) (i64.const 0)) (i64.store (i32.const 276) (i64.const 0))
    (i32.const 256))
