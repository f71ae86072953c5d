import PassimIndex

@testable import PassimMirror

// Swift Testing reflects on every value of an expectation that fails, and reflection crashes on fields that
// cannot be copied (descriptors, mutexes): these show none.

extension Fixture: CustomReflectable {
    var customMirror: Swift.Mirror { Swift.Mirror(self, children: []) }
}

extension PassimMirror.Mirror: CustomReflectable {
    package var customMirror: Swift.Mirror { Swift.Mirror(self, children: []) }
}

extension ChecksumStore: CustomReflectable {
    package var customMirror: Swift.Mirror { Swift.Mirror(self, children: []) }
}

extension DigestIndex: CustomReflectable {
    package var customMirror: Swift.Mirror { Swift.Mirror(self, children: []) }
}

extension TestClock: CustomReflectable {
    var customMirror: Swift.Mirror { Swift.Mirror(self, children: []) }
}
