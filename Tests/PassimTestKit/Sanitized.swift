/// This is a run of `scripts/test --sanitize`: programs need several times the memory and the time, and some
/// descriptors more.
package let isSanitized: Bool = {
    #if PASSIM_SANITIZE
    true
    #else
    false
    #endif
}()
