;; WASI preview 1 for modules that run where there is no WASI: no files, no sockets, no arguments, no environment, a
;; clock that counts its readings, and random numbers that start from a fixed seed. What is written to the standard
;; streams becomes lines in the scheduler's log.
;;
;; wit-component asks of an adapter that it imports the main module's memory and has no data or tables of its own. This
;; one has no memory of its own either (Go takes all of the main module's memory for its heap), so its state is globals.
(module $wasi_without_a_host
  (import "env" "memory" (memory 0))
  (import "longshore:scheduler/log@0.2.0" "log" (func $log (param $level i32) (param $at i32) (param $length i32)))

  ;; Nanoseconds. Never 0, which Go takes for "no clock".
  (global $now (mut i64) (i64.const 1000000))
  ;; The state of splitmix64.
  (global $seed (mut i64) (i64.const 0x6c6f6e6773686f72))

  ;; Errors of preview 1: 0 is success.
  (global $bad_descriptor i32 (i32.const 8))
  (global $invalid i32 (i32.const 28))
  (global $not_supported i32 (i32.const 58))

  ;; The standard streams are open: 0 for descriptors 0 to 2, else `bad descriptor`.
  (func $standard (param $fd i32) (result i32)
    (select (i32.const 0) (global.get $bad_descriptor) (i32.lt_u (local.get $fd) (i32.const 3))))

  ;; Two counters that are 0: of arguments, of variables.
  (func $none (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))

  (func (export "args_sizes_get") (param $count i32) (param $bytes i32) (result i32)
    (call $none (local.get $count) (local.get $bytes)))
  (func (export "environ_sizes_get") (param $count i32) (param $bytes i32) (result i32)
    (call $none (local.get $count) (local.get $bytes)))
  (func (export "args_get") (param i32 i32) (result i32) (i32.const 0))
  (func (export "environ_get") (param i32 i32) (result i32) (i32.const 0))

  ;; Every reading is 1 ms later than the one before, on every clock.
  (func (export "clock_time_get") (param $clock i32) (param $precision i64) (param $at i32) (result i32)
    (global.set $now (i64.add (global.get $now) (i64.const 1000000)))
    (i64.store (local.get $at) (global.get $now))
    (i32.const 0))
  (func (export "clock_res_get") (param $clock i32) (param $at i32) (result i32)
    (i64.store (local.get $at) (i64.const 1000000))
    (i32.const 0))

  (func $random (result i64)
    (local $mixed i64)
    (global.set $seed (i64.add (global.get $seed) (i64.const 0x9e3779b97f4a7c15)))
    (local.set $mixed (global.get $seed))
    (local.set $mixed (i64.mul
      (i64.xor (local.get $mixed) (i64.shr_u (local.get $mixed) (i64.const 30)))
      (i64.const 0xbf58476d1ce4e5b9)))
    (local.set $mixed (i64.mul
      (i64.xor (local.get $mixed) (i64.shr_u (local.get $mixed) (i64.const 27)))
      (i64.const 0x94d049bb133111eb)))
    (i64.xor (local.get $mixed) (i64.shr_u (local.get $mixed) (i64.const 31))))

  (func (export "random_get") (param $at i32) (param $length i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $length)))
        (i32.store8 (local.get $at) (i32.wrap_i64 (call $random)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; Every wait is over at once: the clock goes to its end. Waiting for a descriptor fails.
  ;; A subscription has 48 bytes: user data, kind at 8, then for a clock the timeout at 24 and flags at 40. An event has
  ;; 32: user data, error at 8, kind at 10.
  (func (export "poll_oneoff") (param $in i32) (param $out i32) (param $count i32) (param $happened i32) (result i32)
    (local $left i32)
    (local $end i64)
    (if (i32.eqz (local.get $count)) (then (return (global.get $invalid))))
    (local.set $left (local.get $count))
    (loop $next
      (i64.store (local.get $out) (i64.load (local.get $in)))
      (i64.store offset=8 (local.get $out) (i64.const 0))
      (i64.store offset=16 (local.get $out) (i64.const 0))
      (i64.store offset=24 (local.get $out) (i64.const 0))
      (i32.store8 offset=10 (local.get $out) (i32.load8_u offset=8 (local.get $in)))
      (if (i32.load8_u offset=8 (local.get $in))
        (then (i32.store16 offset=8 (local.get $out) (global.get $bad_descriptor)))
        (else
          (local.set $end (i64.load offset=24 (local.get $in)))
          (if (i32.eqz (i32.and (i32.load16_u offset=40 (local.get $in)) (i32.const 1)))
            (then (local.set $end (i64.add (local.get $end) (global.get $now)))))
          ;; Signed: an end beyond all time leaves the clock alone.
          (if (i64.gt_s (local.get $end) (global.get $now))
            (then (global.set $now (local.get $end))))))
      (local.set $in (i32.add (local.get $in) (i32.const 48)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left)))
    (i32.store (local.get $happened) (local.get $count))
    (i32.const 0))
  (func (export "sched_yield") (result i32) (i32.const 0))

  ;; To end is to fail.
  (func (export "proc_exit") (param $code i32) unreachable)
  (func (export "proc_raise") (param $signal i32) (result i32) unreachable)

  ;; How many bytes from `at` are whole characters of UTF-8, newlines at the end left out.
  (func $text (param $at i32) (param $length i32) (result i32)
    (local $here i32) (local $good i32) (local $byte i32) (local $more i32) (local $low i32) (local $high i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $here) (local.get $length)))
        (local.set $byte (i32.load8_u (i32.add (local.get $at) (local.get $here))))
        (local.set $here (i32.add (local.get $here) (i32.const 1)))
        (if (local.get $more)
          (then
            (br_if $done (i32.lt_u (local.get $byte) (local.get $low)))
            (br_if $done (i32.gt_u (local.get $byte) (local.get $high)))
            (local.set $more (i32.sub (local.get $more) (i32.const 1)))
            (local.set $low (i32.const 0x80))
            (local.set $high (i32.const 0xbf)))
          (else
            (if (i32.ge_u (local.get $byte) (i32.const 0x80))
              (then
                (br_if $done (i32.lt_u (local.get $byte) (i32.const 0xc2)))
                (br_if $done (i32.gt_u (local.get $byte) (i32.const 0xf4)))
                (local.set $more (i32.add (i32.const 1) (i32.add
                  (i32.ge_u (local.get $byte) (i32.const 0xe0))
                  (i32.ge_u (local.get $byte) (i32.const 0xf0)))))
                ;; No character in more bytes than it needs, no half of a pair, none beyond the last.
                (local.set $low (i32.const 0x80))
                (local.set $high (i32.const 0xbf))
                (if (i32.eq (local.get $byte) (i32.const 0xe0)) (then (local.set $low (i32.const 0xa0))))
                (if (i32.eq (local.get $byte) (i32.const 0xed)) (then (local.set $high (i32.const 0x9f))))
                (if (i32.eq (local.get $byte) (i32.const 0xf0)) (then (local.set $low (i32.const 0x90))))
                (if (i32.eq (local.get $byte) (i32.const 0xf4)) (then (local.set $high (i32.const 0x8f))))))))
        (if (i32.eqz (local.get $more))
          (then (if (i32.ne (local.get $byte) (i32.const 10)) (then (local.set $good (local.get $here))))))
        (br $next)))
    (local.get $good))

  ;; One line for each write, of at most 4 KiB; errors for the stream of errors. An empty one is left out.
  (func $say (param $fd i32) (param $at i32) (param $length i32)
    (if (i32.gt_u (local.get $length) (i32.const 4096)) (then (local.set $length (i32.const 4096))))
    (local.set $length (call $text (local.get $at) (local.get $length)))
    (if (local.get $length)
      (then
        (call $log
          (select (i32.const 3) (i32.const 1) (i32.eq (local.get $fd) (i32.const 2)))
          (local.get $at)
          (local.get $length)))))

  (func (export "fd_write") (param $fd i32) (param $pieces i32) (param $count i32) (param $written i32) (result i32)
    (local $sum i32)
    (if (i32.ge_u (local.get $fd) (i32.const 3)) (then (return (global.get $bad_descriptor))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (call $say (local.get $fd) (i32.load (local.get $pieces)) (i32.load offset=4 (local.get $pieces)))
        (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $pieces))))
        (local.set $pieces (i32.add (local.get $pieces) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $written) (local.get $sum))
    (i32.const 0))

  ;; Nothing comes from standard input.
  (func (export "fd_read") (param $fd i32) (param $pieces i32) (param $count i32) (param $read i32) (result i32)
    (i32.store (local.get $read) (i32.const 0))
    (call $standard (local.get $fd)))

  ;; 24 bytes: a character device (2), no flags, all rights.
  (func (export "fd_fdstat_get") (param $fd i32) (param $at i32) (result i32)
    (i64.store (local.get $at) (i64.const 2))
    (i64.store offset=8 (local.get $at) (i64.const -1))
    (i64.store offset=16 (local.get $at) (i64.const -1))
    (call $standard (local.get $fd)))
  ;; 64 bytes, of which the kind at 16 is a character device.
  (func (export "fd_filestat_get") (param $fd i32) (param $at i32) (result i32)
    (memory.fill (local.get $at) (i32.const 0) (i32.const 64))
    (i64.store offset=16 (local.get $at) (i64.const 2))
    (call $standard (local.get $fd)))
  (func (export "fd_close") (param $fd i32) (result i32) (call $standard (local.get $fd)))
  (func (export "fd_sync") (param $fd i32) (result i32) (call $standard (local.get $fd)))
  (func (export "fd_datasync") (param $fd i32) (result i32) (call $standard (local.get $fd)))
  (func (export "fd_fdstat_set_flags") (param $fd i32) (param i32) (result i32) (call $standard (local.get $fd)))
  (func (export "fd_fdstat_set_rights") (param $fd i32) (param i64 i64) (result i32) (call $standard (local.get $fd)))

  ;; No folder is open.
  (func (export "fd_prestat_get") (param i32 i32) (result i32) (global.get $bad_descriptor))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (global.get $bad_descriptor))

  ;; All else is about files and sockets.
  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) (global.get $not_supported))
  (func (export "fd_allocate") (param i32 i64 i64) (result i32) (global.get $not_supported))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (global.get $not_supported))
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (global.get $not_supported))
  (func (export "fd_pread") (param i32 i32 i32 i64 i32) (result i32) (global.get $not_supported))
  (func (export "fd_pwrite") (param i32 i32 i32 i64 i32) (result i32) (global.get $not_supported))
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) (global.get $not_supported))
  (func (export "fd_renumber") (param i32 i32) (result i32) (global.get $not_supported))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (global.get $not_supported))
  (func (export "fd_tell") (param i32 i32) (result i32) (global.get $not_supported))
  (func (export "path_create_directory") (param i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32)
    (global.get $not_supported))
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (global.get $not_supported))
  (func (export "path_readlink") (param i32 i32 i32 i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "path_remove_directory") (param i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "path_symlink") (param i32 i32 i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "sock_accept") (param i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "sock_recv") (param i32 i32 i32 i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "sock_send") (param i32 i32 i32 i32 i32) (result i32) (global.get $not_supported))
  (func (export "sock_shutdown") (param i32 i32) (result i32) (global.get $not_supported))
)
