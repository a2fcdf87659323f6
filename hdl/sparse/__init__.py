"""The parts of engines that skip zero digits: operand store, window, selection, collection."""
