package dev.nereid.backend.tensorrt;

import org.bytedeco.javacpp.Pointer;

/** An address as the presets take it, of memory that somebody else owns. */
final class Address extends Pointer {

  Address(long address) {
    this.address = address;
  }

  Address plus(long offset) {
    return offset == 0 ? this : new Address(address + offset);
  }
}
