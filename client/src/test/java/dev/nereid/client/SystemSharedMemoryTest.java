package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SystemSharedMemoryTest {

  private final String key = "/nereid-test-" + UUID.randomUUID();
  private final Path file = Path.of("/dev/shm" + key);

  @Test
  void whatIsWrittenIsInTheObjectThatTheKeyNames() throws Exception {
    try (SystemSharedMemory memory = SystemSharedMemory.create(key, 5000)) {
      assertThat(memory.key()).isEqualTo(key);
      assertThat(memory.byteSize()).isEqualTo(5000);
      memory.bytes(4990, 10).putInt(6, 0x01020304);

      try (FileChannel other = FileChannel.open(file)) {
        ByteBuffer last = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(other.read(last, 4996)).isEqualTo(4);
        assertThat(last.getInt(0)).isEqualTo(0x01020304);
      }
      assertThat(Files.size(file)).isEqualTo(5000);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void theNameGoesWithItAndTheBytesStayForThoseWhoHaveThem() throws Exception {
    SystemSharedMemory memory = SystemSharedMemory.create(key, 64);
    ByteBuffer bytes = memory.bytes(0, 64).putInt(0, 7);
    memory.close();
    memory.close();

    assertThat(file).doesNotExist();
    assertThat(bytes.getInt(0)).isEqualTo(7);
  }

  @Test
  void aNameThatIsTakenStaysItsOwners() throws Exception {
    try (SystemSharedMemory memory = SystemSharedMemory.create(key, 64)) {
      memory.bytes(0, 4).putInt(5);
      assertThatThrownBy(() -> SystemSharedMemory.create(key, 64))
          .isInstanceOf(FileAlreadyExistsException.class);
      assertThat(memory.bytes(0, 4).getInt()).isEqualTo(5);
      assertThat(file).exists();
    }
  }

  @Test
  void moreThanTheMachineHasIsRefusedAndLeavesNothing() {
    assertThatThrownBy(() -> SystemSharedMemory.create(key, 0)).hasMessageContaining("byteSize: 0");
    assertThatThrownBy(() -> SystemSharedMemory.create(key, 1L << 31))
        .hasMessageContaining("byteSize: 2147483648");
    assertThat(file).doesNotExist();
  }

  @Test
  void aKeyIsASlashAndAName() {
    for (String wrong : new String[] {"", "/", "name", "/a/b", "/..", "/.", "//a"}) {
      assertThatThrownBy(() -> SystemSharedMemory.create(wrong, 64))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("key: " + wrong);
    }
  }

  @Test
  void partsLieWithinIt() throws Exception {
    try (SystemSharedMemory memory = SystemSharedMemory.create(key, 64)) {
      assertThat(memory.bytes(64, 0).remaining()).isZero();
      for (long[] part : new long[][] {{0, 65}, {64, 1}, {-1, 1}, {0, -1}, {1, Long.MAX_VALUE}}) {
        assertThatThrownBy(() -> memory.bytes(part[0], part[1]))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
    }
  }
}
