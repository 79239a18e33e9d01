;; Takes all the memory that WebAssembly can address.
(func $evil (drop (memory.grow (i32.const 65000))))
