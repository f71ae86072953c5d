/// Swift's side of a C callback: a closure behind the `gpointer` that GLib hands back, and frees with the callback.
final class UserData<Body: Sendable>: Sendable {
    let body: Body

    private init(_ body: Body) {
        self.body = body
    }

    /// A reference for GLib to keep.
    static func make(_ body: Body) -> UnsafeMutableRawPointer {
        Unmanaged.passRetained(UserData(body)).toOpaque()
    }

    /// For functions that GLib calls any number of times; it calls `releaseUserData` in the end.
    static func borrow(_ pointer: UnsafeMutableRawPointer?) -> Body {
        Unmanaged<UserData>.fromOpaque(pointer!).takeUnretainedValue().body
    }

    /// For functions that GLib calls once, without a callback for freeing.
    static func take(_ pointer: UnsafeMutableRawPointer?) -> Body {
        Unmanaged<UserData>.fromOpaque(pointer!).takeRetainedValue().body
    }
}

/// A GDestroyNotify of any `UserData`.
func releaseUserData(_ pointer: UnsafeMutableRawPointer?) {
    Unmanaged<AnyObject>.fromOpaque(pointer!).release()
}
