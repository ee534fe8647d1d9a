// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {CHEATS} from "./Cheats.sol";

/// @notice Deploys what the project has compiled, byte for byte, instead of compiling it once more into the tests.
abstract contract Artifacts {
    uint256 private constant ADDRESS_DIGITS = 40;
    /// @dev A placeholder is "__$", as many digits of the hash of the library's full name, and "$__".
    uint256 private constant HASH_DIGITS = 34;

    error UnknownLibrary(string contractName);

    /// @dev By the digits of their placeholders.
    mapping(bytes32 digits => address) private libraries;

    /// @dev A library of contracts/libraries that others link.
    function _deployLibrary(string memory name) internal {
        string memory source = string.concat("libraries/", name);
        bytes32 hash = keccak256(abi.encodePacked("project/contracts/", source, ".sol:", name));
        libraries[hash & _firstDigits(HASH_DIGITS)] = _deploy(source, name, "");
    }

    /// @dev `source` is below contracts/, without ".sol". @param arguments Of the constructor, encoded.
    function _deploy(string memory source, string memory name, bytes memory arguments) internal returns (address) {
        return _deployArtifact(string.concat("artifacts/contracts/", source, ".sol/", name, ".json"), arguments);
    }

    function _deployArtifact(string memory path, bytes memory arguments) internal returns (address) {
        return _create(abi.encodePacked(_link(_bytecodeAt(path), path), arguments));
    }

    /// @dev With or without "0x" in front, libraries not linked.
    function _bytecodeAt(string memory path) private view returns (bytes memory digits) {
        return bytes(CHEATS.parseJsonString(CHEATS.readFile(path), ".bytecode"));
    }

    /// @dev Hexadecimal digits to bytes, placeholders to addresses.
    function _link(bytes memory digits, string memory path) private view returns (bytes memory code) {
        uint256 from = digits[1] == "x" ? 2 : 0;
        code = new bytes((digits.length - from) / 2);
        for (uint256 i = from; i < digits.length; i += 2) {
            if (digits[i] == "_") {
                address library_ = libraries[_hashAt(digits, i + 3)];
                if (library_ == address(0)) revert UnknownLibrary(path);
                uint256 start = (i - from) / 2;
                for (uint256 j = 0; j < 20; ++j) code[start + j] = bytes20(library_)[j];
                i += ADDRESS_DIGITS - 2;
            } else {
                code[(i - from) / 2] = bytes1((_digit(digits[i]) << 4) | _digit(digits[i + 1]));
            }
        }
    }

    function _hashAt(bytes memory digits, uint256 start) private pure returns (bytes32 hash) {
        uint256 value = 0;
        for (uint256 i = 0; i < HASH_DIGITS; ++i) value = (value << 4) | _digit(digits[start + i]);
        return bytes32(value << (256 - 4 * HASH_DIGITS));
    }

    function _firstDigits(uint256 count) private pure returns (bytes32) {
        return bytes32(type(uint256).max << (256 - 4 * count));
    }

    function _digit(bytes1 character) private pure returns (uint8 value) {
        value = uint8(character);
        if (value >= 97) return value - 87; // a … f
        return value >= 65 ? value - 55 : value - 48; // A … F, 0 … 9
    }

    function _create(bytes memory code) private returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
        }
        assert(created != address(0));
    }
}
