;; Waits for something that never happens.
(data (i32.const 2048) "Moon")
(func $describe (result i32)
    (memory.copy (i32.const 256) (i32.const 64) (i32.const 64))
    (i32.store8 (i32.const 292) (i32.const 1))
    (i32.store (i32.const 296) (i32.const 512)) (i32.store (i32.const 300) (i32.const 1))
    (i32.store (i32.const 512) (i32.const 2048)) (i32.store (i32.const 516) (i32.const 4))
    (i32.const 256))
