;; The answer lies beyond the memory.
(func $score (param i32 i32) (result i32) (i32.const -8))
