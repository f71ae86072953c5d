/// A non-copyable value by reference: what `Lock` guards is copyable.
final class Box<Value: ~Copyable> {
    var value: Value

    init(_ value: consuming Value) {
        self.value = value
    }
}
