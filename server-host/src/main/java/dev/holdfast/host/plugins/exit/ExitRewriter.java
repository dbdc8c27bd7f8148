package dev.holdfast.host.plugins.exit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Redirects a class's calls of {@code System.exit}, {@code Runtime.exit} and {@code Runtime.halt} to {@link RefusedExit}.
 *
 * <p>Each is replaced by a static call that takes from the stack what the original takes, so the stack maps, the line
 * numbers and all else of the class stay as they are. References to these methods ({@code System::exit}) are led there too.
 * A class that says neither {@code exit} nor {@code halt} anywhere is not even parsed.
 *
 * <p>Deliberately not here: calls by reflection, by native code, or by another process that the plugin starts.
 */
final class ExitRewriter {

    private static final String TARGET = Type.getInternalName(RefusedExit.class);
    private static final String RUNTIME = "java/lang/Runtime";

    private ExitRewriter() {}

    /**
     * The class with its calls redirected; the same array if it has none.
     *
     * @throws ClassFormatError if it cannot be parsed
     */
    static byte[] rewrite(byte[] classFile) {
        // Names of methods stand in a class file as they are.
        String bytes = new String(classFile, StandardCharsets.ISO_8859_1);
        if (!bytes.contains("exit") && !bytes.contains("halt")) {
            return classFile;
        }
        try {
            ClassReader reader = new ClassReader(classFile);
            ClassWriter writer = new ClassWriter(reader, 0);
            Rewriting rewriting = new Rewriting(writer);
            reader.accept(rewriting, 0);
            return rewriting.changed ? writer.toByteArray() : classFile;
        } catch (RuntimeException e) {
            // The JVM's own message is better for what it refuses itself, such as a class for a newer Java.
            if (isForNewerJava(classFile)) {
                return classFile;
            }
            ClassFormatError error = new ClassFormatError("it cannot be searched for calls that end the process: " + e);
            error.initCause(e);
            throw error;
        }
    }

    private static boolean isForNewerJava(byte[] classFile) {
        return classFile.length > 7
                && (classFile[6] & 0xff) * 256 + (classFile[7] & 0xff)
                        > Runtime.version().feature() + 44;
    }

    /** The method that such a call is redirected to. */
    private static @Nullable String replacement(String owner, String name, String descriptor) {
        if (!descriptor.equals("(I)V")) {
            return null;
        }
        if (owner.equals("java/lang/System") && name.equals("exit")) {
            return "(I)V";
        }
        return owner.equals(RUNTIME) && (name.equals("exit") || name.equals("halt")) ? "(L" + RUNTIME + ";I)V" : null;
    }

    private static final class Rewriting extends ClassVisitor {

        private boolean changed;

        Rewriting(ClassWriter writer) {
            super(Opcodes.ASM9, writer);
        }

        @Override
        public MethodVisitor visitMethod(
                int access,
                String name,
                String descriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            MethodVisitor method = super.visitMethod(access, name, descriptor, signature, exceptions);
            return new MethodVisitor(Opcodes.ASM9, method) {
                @Override
                public void visitMethodInsn(int opcode, String owner, String called, String type, boolean isInterface) {
                    String instead = replacement(owner, called, type);
                    if (instead == null) {
                        super.visitMethodInsn(opcode, owner, called, type, isInterface);
                    } else {
                        changed = true;
                        super.visitMethodInsn(Opcodes.INVOKESTATIC, TARGET, called, instead, false);
                    }
                }

                @Override
                public void visitInvokeDynamicInsn(String called, String type, Handle bootstrap, Object... arguments) {
                    Object[] instead = Arrays.stream(arguments)
                            .map(Rewriting.this::ledAway)
                            .toArray();
                    super.visitInvokeDynamicInsn(called, type, bootstrap, instead);
                }

                @Override
                public void visitLdcInsn(Object value) {
                    super.visitLdcInsn(ledAway(value));
                }
            };
        }

        private Object ledAway(Object constant) {
            if (!(constant instanceof Handle handle)) {
                return constant;
            }
            String instead = replacement(handle.getOwner(), handle.getName(), handle.getDesc());
            if (instead == null) {
                return constant;
            }
            changed = true;
            return new Handle(Opcodes.H_INVOKESTATIC, TARGET, handle.getName(), instead, false);
        }
    }
}
