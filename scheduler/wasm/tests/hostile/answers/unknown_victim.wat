;; Evicts a pod that is not on the node.
(data (i32.const 2048) "a")
(func $post-filter (param i32) (result i32)
    (memory.fill (i32.const 256) (i32.const 0) (i32.const 32))
    (i32.store8 (i32.const 260) (i32.const 1))
    (i32.store (i32.const 264) (i32.const 2048)) (i32.store (i32.const 268) (i32.const 1))
    (i32.store (i32.const 512) (i32.const 2048)) (i32.store (i32.const 516) (i32.const 1))
    (i32.store (i32.const 272) (i32.const 512)) (i32.store (i32.const 276) (i32.const 1))
    (i32.const 256))
