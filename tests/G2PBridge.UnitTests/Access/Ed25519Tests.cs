using System.Security.Cryptography;
using G2PBridge.Modules.Access.Domain;

namespace G2PBridge.UnitTests.Access;

/// <summary>RFC 8032, section 7.1, and what must not pass.</summary>
internal sealed class Ed25519Tests
{
    private const string Key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    private const string Signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

    [TestCase("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [TestCase(Key, "72", Signature)]
    [TestCase("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void A_signature_of_the_standard_is_valid(string key, string message, string signature) => Assert.That(Verify(key, message, signature), Is.True);

    [TestCase("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [TestCase("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", Key, "72", Signature)]
    [TestCase("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void A_secret_of_the_standard_signs_as_the_standard_says(string secret, string key, string message, string signature)
    {
        var (signed, publicKey) = Sign(Convert.FromHexString(secret), Convert.FromHexString(message));
        Assert.That((Convert.ToHexStringLower(publicKey), Convert.ToHexStringLower(signed)), Is.EqualTo((key, signature)));
    }

    [Test]
    public void What_any_secret_signs_is_valid_by_the_other_arithmetic()
    {
        // The signer's limbs and the verifier's big numbers have nothing in common.
        for (var i = 0; i < 64; i++)
        {
            var message = SHA256.HashData([(byte)i]);
            var (signed, publicKey) = Sign(SHA256.HashData([1, (byte)i]), message);
            Assert.That(Ed25519.Verify(publicKey, SHA512.HashData([.. signed[..32], .. publicKey, .. message]), signed), Is.True, $"{i}");
        }
    }

    [Test]
    public void Another_message_is_not_signed() => Assert.That(Verify(Key, "73", Signature), Is.False);

    [Test]
    public void Every_changed_bit_of_the_signature_ends_it()
    {
        var bytes = Convert.FromHexString(Signature);
        for (var bit = 0; bit < bytes.Length * 8; bit += 7)
        {
            var changed = bytes.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(Verify(Key, "72", Convert.ToHexString(changed)), Is.False, $"bit {bit}");
        }
    }

    [Test]
    public void The_second_form_of_a_signature_is_refused()
    {
        // S + L satisfies the equation too.
        var order = System.Numerics.BigInteger.Pow(2, 252) + System.Numerics.BigInteger.Parse("27742317777372353535851937790883648493", null);
        var bytes = Convert.FromHexString(Signature);
        var larger = new System.Numerics.BigInteger(bytes.AsSpan(32), isUnsigned: true) + order;
        Array.Clear(bytes, 32, 32);
        larger.ToByteArray(isUnsigned: true).CopyTo(bytes, 32);
        Assert.That(Verify(Key, "72", Convert.ToHexString(bytes)), Is.False);
    }

    [TestCase("0100000000000000000000000000000000000000000000000000000000000000", TestName = "The neutral point is no key")]
    [TestCase("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", TestName = "A point of order two is no key")]
    [TestCase("0200000000000000000000000000000000000000000000000000000000000000", TestName = "What is no point is no key")]
    [TestCase("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", TestName = "A coordinate beyond the field is no key")]
    public void What_could_let_anyone_sign_is_no_key(string key) => Assert.That(Ed25519.IsKey(Convert.FromHexString(key)), Is.False);

    [Test]
    public void A_key_of_the_standard_is_one() => Assert.That(Ed25519.IsKey(Convert.FromHexString(Key)), Is.True);

    private static (byte[] Signature, byte[] PublicKey) Sign(byte[] secret, byte[] message)
    {
        var key = new Ed25519Key(secret);
        var (nonce, firstHalf) = Ed25519Key.Begin(SHA512.HashData([.. key.Prefix, .. message]));
        return (key.Finish(nonce, firstHalf, SHA512.HashData([.. firstHalf, .. key.Public, .. message])), key.Public);
    }

    private static bool Verify(string key, string message, string signature)
    {
        var (k, m, s) = (Convert.FromHexString(key), Convert.FromHexString(message), Convert.FromHexString(signature));
        return Ed25519.Verify(k, SHA512.HashData([.. s[..32], .. k, .. m]), s);
    }
}
