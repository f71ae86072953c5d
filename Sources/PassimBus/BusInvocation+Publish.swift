internal import PassimCore
internal import PassimGLib
internal import PassimSystem

extension BusInvocation {
    func fail(_ error: PublishError) {
        fail(error.busName, error.description)
    }

    /// Answers with nothing, or with the error.
    func answer(_ body: () throws(PublishError) -> Void) {
        do throws(PublishError) {
            try body()
            answer()
        } catch {
            fail(error)
        }
    }

    /// The first descriptor that came with the call: libpassim sends its own number of it in place of an index.
    func content() throws(PublishError) -> Descriptor {
        do throws(CallFailure) {
            return Descriptor(owning: try takeDescriptor(0))
        } catch {
            throw .failed("the descriptor of the content: \(error)")
        }
    }
}
