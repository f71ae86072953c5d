// Interfaces that come, go, and are made anew (Listen= with a name): one reactor follows them for all.

internal import Logging
internal import PassimSystem

extension Reactor {
    /// The kernel says that something has changed.
    func interfacesHaveChanged() {
        interfaceChanges?.clear()
        guard drainDeadline == nil else { return }
        let changes = listeners.follow()
        for change in changes {
            switch change {
            case .began(let place): state.logger.notice("listening at \(place)")
            case .ended(let place):
                state.logger.warning(
                    "not listening at \(place): the interface is gone; listening again when it is back")
            case .failed(let place, let error): state.logger.warning("not listening at \(place): \(error)")
            }
        }
        if !changes.isEmpty {
            for mailbox in state.mailboxes { mailbox.send(.listenersChanged) }
        }
    }

    /// Waits on those of now.
    func watchListenersAnew() {
        guard isListening else { return }
        isListening = false
        listeners.unwatch(poller)
        listen()
    }
}
